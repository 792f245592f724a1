#!/usr/bin/env bash
# The page that `trace --html` writes, in a real browser: it is stepped by keys, its hints are opened
# by clicks, and nothing that a program wrote does anything in it.
#
# chromedriver(1) speaks WebDriver (https://www.w3.org/TR/webdriver2/) over HTTP: curl and jq are all
# that is needed to drive it.
. "$(dirname "$0")/../gates/lib.sh"
gate=page
for tool in jq curl chromium chromedriver "${CC:-gcc}"; do need_tool "$tool"; done
ipclab=$tree/ipclab
export NO_COLOR=1
cd "$scratch" || exit 3

# --- the browser ---
exec {driver}< <(exec chromedriver --port=0 2>&1)
helpers+=($!)
port=
while [ -z "$port" ] && IFS= read -r -t 120 -u "$driver" line; do
    port=$(sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p' <<<"$line")
done
[ -n "$port" ] || { echo "chromedriver does not start" >&2; exit 3; }

# drive METHOD PATH [JSON]: one WebDriver command; prints the value of its answer.
drive()
{
    curl -s --noproxy '*' --max-time 120 -X "$1" "http://127.0.0.1:$port/session$2" \
        ${3:+-H 'Content-Type: application/json' --data-binary "$3"} | jq -c '.value'
}
session=$(drive POST '' "$(jq -n --arg profile "$scratch/profile" '{capabilities: {alwaysMatch: {
    "goog:loggingPrefs": {browser: "ALL"},
    "goog:chromeOptions": {args: ["--headless=new", "--no-sandbox", "--disable-gpu",
        "--window-size=1400,1000", "--user-data-dir=" + $profile]}}}}')" | jq -r .sessionId)
[ -n "$session" ] && [ "$session" != null ] || { echo "no browser answers" >&2; exit 3; }

visit() { drive POST "/$session/url" "$(jq -n --arg url "file://$1" '{url: $url}')" >/dev/null; }
# ask SCRIPT: what it returns, as JSON.
ask() { drive POST "/$session/execute/sync" "$(jq -n --arg script "$1" '{script: $script, args: []}')"; }
# press KEY [TIMES]: real key strokes; the names are WebDriver's code points.
declare -A keys=([left]=\\uE012 [right]=\\uE014 [home]=\\uE011 [end]=\\uE010 [enter]=\\uE007)
press()
{
    local stroke="{\"type\":\"keyDown\",\"value\":\"${keys[$1]}\"},{\"type\":\"keyUp\",\"value\":\"${keys[$1]}\"}"
    drive POST "/$session/actions" "{\"actions\":[{\"type\":\"key\",\"id\":\"keyboard\",\"actions\":[$stroke]}]}" >/dev/null
}
# click SELECTOR: on the first that is there.
click()
{
    local element
    element=$(drive POST "/$session/element" "$(jq -n --arg css "$1" '{using: "css selector", value: $css}')" |
        jq -r '.[]')
    drive POST "/$session/element/$element/click" '{}' >/dev/null
}
# holds WHAT SCRIPT: the script returns true.
holds()
{
    ask "$2" >"$scratch/answer"
    if [ "$(cat "$scratch/answer")" = true ]; then
        ok "$1"
    else
        not_ok "$1" "The page says otherwise: $2" "$scratch/answer"
    fi
}
# quiet WHAT: the browser complained of nothing, and loaded nothing, since the page was opened.
quiet()
{
    drive POST "/$session/se/log" '{"type": "browser"}' | jq -r '.[] | "\(.level) \(.message)"' >"$scratch/complaints"
    ask 'return performance.getEntriesByType("resource").map(entry => entry.name)' | jq -r '.[]' >>"$scratch/complaints"
    judge "$1: no error in the console, nothing loaded" "A page needs nothing but itself." "$scratch/complaints"
}

# --- a pipeline from fork to hang ---
"${CC:-gcc}" -g -o hung "$tree/autograder/demo/hung_pipeline.c" && cp "$tree/autograder/demo/hung_pipeline.c" . || exit 3
echo "one line" >words
"$ipclab" trace --html hung.html -- ./hung cat words -- sort </dev/null >/dev/null 2>said
visit "$scratch/hung.html"
holds "at a hang the page shows its end, with the guilty end in its own style" \
    'return document.querySelectorAll(".wire.guilty").length === 1 && document.querySelectorAll(".box.cycle").length === 2'
holds "the lines where everybody is stand out in the source" \
    'return [...document.querySelectorAll(".sources .here")].map(line => /(execvp|wait)\(/.test(line.textContent)).join() === "true,true"'

# What pipe A's ends are after each event: process (from 0), descriptor, direction.
ends='return document.querySelector(".detail b").nextSibling.textContent + ": " +
    [...document.querySelectorAll("[data-end]")].map(end => end.dataset.end.split("|"))
        .filter(end => end[3] === "pipe A").map(end => end.slice(0, 3).join(" ")).sort().join(", ")'
events=$(ask 'return Number(document.querySelector("input[type=range]").max) + 1')
click ".controls button" # to the beginning; the keys are for the run now
for ((i = 0; i < events; i++)); do
    ask "$ends" | jq -r .
    press right
done >steps
# open_after EVENT ENDS: EVENT is a pattern; that there is exactly one such event, with these ends.
open_after()
{
    grep -E "^$1: " steps | sed 's/^.*: //' >"$scratch/seen"
    if [ "$(wc -l <"$scratch/seen")" = 1 ] && [ "$(cat "$scratch/seen")" = "$2" ]; then ok "after \"$1\" open are: ${2:-none}"; else
        not_ok "after \"$1\" open are: ${2:-none}" "The steps were:" steps; fi
}
open_after "begins.*" ""
open_after "pipe makes pipe A.*" "0 3 reads, 0 4 writes"
open_after "fork makes process 2" "0 3 reads, 0 4 writes, 1 3 reads, 1 4 writes"
# Which of the last events comes last is the scheduler's affair.
tail -n 1 steps | sed 's/^.*: /the last event: /' >last && cat last >>steps
open_after "the last event" "0 4 writes, 2 0 reads, 2 4 writes"
holds "the keys stop at the last event" \
    'let slider = document.querySelector("input[type=range]"); return slider.value === slider.max'
press home
holds "Home goes to the first event" 'return document.querySelector("input[type=range]").value === "0"'
press end
press left
holds "left goes back one event" \
    'let slider = document.querySelector("input[type=range]"); return Number(slider.value) === Number(slider.max) - 1'
click .sequence
holds "a click on the diagram chooses an event" \
    'let slider = document.querySelector("input[type=range]"); return Number(slider.value) < Number(slider.max) - 1'
quiet "a hung pipeline"

# --- a check: its hints ---
"$ipclab" start 1.1 >/dev/null 2>&1
"$ipclab" check 1.1 >/dev/null 2>&1
"$ipclab" show 1.1 >said 2>&1 && visit "$(cat said)"
holds "a check's page has its verdict, its run, and closed hints" \
    'return document.querySelectorAll(".check.failed[open] .run svg").length > 0 && !document.querySelector(".hint[open]")'
click ".check[open] .hint > summary"
holds "a click opens one hint, and the next is still closed" \
    'return document.querySelectorAll(".hint[open]").length === 1 && document.querySelectorAll(".hint[open] > .hint:not([open])").length === 1'
click "#theme"
holds "dark or light can be chosen" \
    'return ["dark", "light"].includes(document.documentElement.dataset.theme)'
quiet "a check"

# --- what a program writes stays text ---
cat >hostile.c <<'END'
/* hostile.c - markup and 10 MB of NUL through a pipe. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    static char bytes[65536], attack[] = "<script>document.title='broken'</script></script><img src=x onerror=alert(1)>";
    int ends[2];
    if (pipe(ends) == -1)
        return 1;
    if (fork() == 0) {
        close(ends[1]);
        while (read(ends[0], bytes, sizeof bytes) > 0)
            ;
        _exit(0);
    }
    close(ends[0]);
    if (write(ends[1], attack, sizeof attack) == -1)
        return 1;
    for (int i = 0; i < 160; i++)
        if (write(ends[1], bytes, sizeof bytes) == -1)
            return 1;
    close(ends[1]);
    return wait(NULL) == -1;
}
END
"${CC:-gcc}" -g -o 'hostile' hostile.c || exit 3
"$ipclab" trace --html hostile.html -- ./hostile '<script>document.title="broken"</script>' </dev/null >said 2>&1
visit "$scratch/hostile.html"
holds "no script but the page's own, no picture, and its title" \
    'return [...document.scripts].filter(script => script.type === "").length === 1 && !document.querySelector("main img") && document.title.startsWith("ipclab trace: ./hostile")'
holds "what was written is there to be read" \
    'return document.querySelector(".sequence").textContent.includes("<script>")'
quiet "a hostile program"
if [ "$(stat -c %s hostile.html)" -lt 2000000 ]; then ok "10 MB of NUL make no large page"; else
    not_ok "10 MB of NUL make no large page" "It has $(stat -c %s hostile.html) bytes."; fi

drive DELETE "/$session" >/dev/null
close_gate
