/*
 * commands.h - the commands, a file each. Every one takes its words with argv[0] as its own name
 * and returns the exit status: 0 done (all passed), 1 some check failed, 2 bad usage or nothing to
 * do, 3 the kit itself failed.
 */
#ifndef IPCLAB_COMMANDS_H
#define IPCLAB_COMMANDS_H

int command_list(int argc, char **argv);
int command_start(int argc, char **argv);
int command_check(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_hint(int argc, char **argv);
int command_show(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_predict(int argc, char **argv);
int command_cc(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_grade(int argc, char **argv);
int command_merge(int argc, char **argv);
int command_report(int argc, char **argv);
int command_similar(int argc, char **argv);
int command_kit(int argc, char **argv);
int command_pack(int argc, char **argv);
int command_doctor(int argc, char **argv);

/* Not for learners: what the kit starts inside a box, and a measurement. */
int command_worker(int argc, char **argv);
int command_experiment(int argc, char **argv);
int command_cell_bench(int argc, char **argv);

#endif
