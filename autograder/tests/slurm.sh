#!/usr/bin/env bash
# A class is graded by a real Slurm: one controller and two workers on this machine, set up in a scratch folder by an
# ordinary user or by root. `make test-slurm` runs it; `make test` does not, for it needs slurm-wlm and munge.
. "$(dirname "$0")/gates/lib.sh"
gate=slurm
PATH=$PATH:/usr/sbin:/sbin
for tool in jq zip patch munged slurmctld slurmd sbatch sinfo scontrol; do need_tool $tool; done
base=$((20000 + RANDOM % 10000)) # ports
user=$(id -un)
deadline=$((SECONDS + ${IPCLAB_SLURM_LIMIT:-600}))
chmod 755 "$scratch"
cd "$scratch" || exit 3

# wait_for COMMAND...: until it succeeds.
wait_for()
{
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $deadline ]; then
            not_ok "waited for: $*" "It did not come. The controller says:" ctld.log
            stop_load
            close_gate
        fi
        read -r -t 0.1 <> <(:) || :
    done
}

# --- the cluster ---
mkdir state spool-worker1 spool-worker2
head -c 128 /dev/urandom >key && chmod 600 key
cat >slurm.conf <<END
ClusterName=ipclab
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$base
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$scratch/munge.sock
CredType=cred/munge
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool-%n
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=5
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=worker1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$((base + 1)) CPUs=2 RealMemory=8192
NodeName=worker2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=$((base + 2)) CPUs=2 RealMemory=8192
PartitionName=all Nodes=worker[1-2] Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$scratch/slurm.conf
munged --force --foreground --key-file="$PWD/key" --socket="$PWD/munge.sock" --pid-file="$PWD/munged.pid" \
    --log-file="$PWD/munged.log" --seed-file="$PWD/seed" 2>munged.err &
helpers+=($!)
wait_for test -S munge.sock
slurmctld -D -c -L ctld.log 2>/dev/null &
helpers+=($!)
for worker in worker1 worker2; do
    slurmd -D -N $worker -L $worker.log 2>/dev/null &
    helpers+=($!)
done
both_idle() { [ "$(sinfo -h -N -t idle | wc -l)" = 2 ]; }
wait_for both_idle
ok "a controller and two workers are up"

# --- the class, graded here and by the array ---
labs=1.1
export IPCLAB=$tree/ipclab
job=$tree/autograder/slurm/grade.sbatch
bash "$tree/autograder/tests/class.sh" 11 "${IPCLAB_CLASS:-12}" submissions 01-pipes/1-oneway >class.txt 2>&1
"$IPCLAB" grade --labs $labs --out here submissions/ >here.log 2>&1
scores() { jq -S '[.submission, .status, .score, [.labs[].exercises[].checks[] | [.id, .status]]]' "$1"/student-*.json; }

sbatch --wait --array=1-2 "$job" --labs $labs submissions/ >sbatch.log 2>&1
status=$?
if [ $status = 0 ]; then ok "the array ends well"; else not_ok "the array ends well" "It ended with $status and said:" <(cat sbatch.log ipclab-grade-*.log); fi
"$IPCLAB" merge --out joined shards/* >merge.log 2>&1
diff <(scores here) <(scores joined) >differs.txt 2>&1
judge "two workers give what one machine gives" "A verdict depends on where it was reached." differs.txt
cmp here/gradebook.csv joined/gradebook.csv >differs.txt 2>&1
judge "so does the gradebook" "See merge.log." differs.txt

# --- stopped in the middle, and run again ---
rm -rf shards joined
sbatch --parsable --array=1-2 "$job" --labs $labs submissions/ >job.txt 2>&1
begun() { compgen -G "shards/*/student-*.json"; }
wait_for begun
scontrol requeue "$(cut -d';' -f1 job.txt)" >requeue.log 2>&1
scancel "$(cut -d';' -f1 job.txt)"
wait_for both_idle
find shards -name 'student-*.json' -printf '%f %i\n' | sort >kept.txt
sbatch --wait --array=1-2 "$job" --labs $labs submissions/ >sbatch.log 2>&1
find shards -name 'student-*.json' -printf '%f %i\n' | sort >now.txt
"$IPCLAB" merge --out joined shards/* >merge.log 2>&1
diff <(scores here) <(scores joined) >differs.txt 2>&1
judge "an array that was cancelled goes on when it is submitted again" "Something was lost, or graded otherwise." differs.txt
comm -23 kept.txt now.txt >differs.txt
judge "and grades nothing twice ($(wc -l <kept.txt) were done)" "These were graded again:" differs.txt
stop_load # ends the daemons, so that nobody writes to the scratch any more
close_gate
