# ipclab.bash - completion for bash of ipclab: commands, options, labs, exercises, checks, pages.
# `make install` puts it where bash looks.  By hand: . completion/ipclab.bash
#
# What may stand there is asked of the command itself: ipclab --complete WORD... (complete.h).

_ipclab()
{
    local cur=${COMP_WORDS[COMP_CWORD]} line files='' value='' words=()
    local before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")

    # bash makes three words of --dir=work.
    if [[ $cur == = ]]; then cur=''; fi
    if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then unset 'before[-1]'; fi
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        @files) files=@files ;;
        @value*) value=${line#@value } ;;
        *) words+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]/#\~/$HOME}" --complete "${before[@]}" "$cur" 2>/dev/null)

    case $value in
    '') ;;
    DIR) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$cur") && return ;;
    *FILE*) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$cur") && return ;;
    *) return ;;
    esac
    # Options are offered when one is begun: words are what is mostly wanted.
    for line in "${words[@]}"; do
        if [[ $line == "$cur"* && ($line != -* || $cur == -*) ]]; then COMPREPLY+=("$line"); fi
    done
    if [[ -n $files && $cur != -* ]]; then
        compopt -o filenames
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
    fi
}
complete -F _ipclab ipclab
