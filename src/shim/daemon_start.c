/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * uxfrmd --on-demand --ready-fd N, by two raw clones without an exit signal: the program's SIGCHLD
 * handler and its wait() must not see a process it does not know. Between clone and exec only
 * system calls are made, because other threads may hold any of libc's locks. Variables are fixed
 * before.
 */

#include "shim/daemon_start.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/real.h"

#define READY_TIMEOUT_MS 10000
#define READY_FD 3 /* its number in the daemon */
#define MAX_WORDS 32
#define MAX_ENV 64

struct start_plan {
	char path[PATH_MAX];
	char words[1024];
	char *argv[MAX_WORDS];
	char *envp[MAX_ENV];
};

extern char **environ;

/* Beside this library; for an installed one, where daemons are. */
static void choose_path(char *path, size_t size)
{
	const char *set = shim_setting(SHIM_DAEMON);
	Dl_info info;

	if (set) {
		snprintf(path, size, "%s", set);
		return;
	}
	if (dladdr((void *)(uintptr_t)choose_path, &info) && strrchr(info.dli_fname, '/')) {
		int folder = (int)(strrchr(info.dli_fname, '/') - info.dli_fname);

		snprintf(path, size, "%.*s/uxfrmd", folder, info.dli_fname);
		if (access(path, X_OK) == 0)
			return;
	}
	static const char *const places[] = {"/usr/local/sbin/uxfrmd", "/usr/sbin/uxfrmd"};

	snprintf(path, size, "%s", places[access(places[0], X_OK) == 0 ? 0 : 1]);
}

static void plan_arguments(struct start_plan *plan)
{
	static char on_demand[] = "--on-demand", ready[] = "--ready-fd", number[] = "3";
	const char *extra = shim_setting(SHIM_DAEMON_ARGS);
	int n = 0;

	plan->argv[n++] = plan->path;
	plan->argv[n++] = on_demand;
	plan->argv[n++] = ready;
	plan->argv[n++] = number;
	snprintf(plan->words, sizeof(plan->words), "%s", extra ? extra : "");
	char *rest = NULL;

	for (char *w = strtok_r(plan->words, " ", &rest); w && n < MAX_WORDS - 1;
	     w = strtok_r(NULL, " ", &rest))
		plan->argv[n++] = w;
	plan->argv[n] = NULL;
}

/* Only what the daemon may use: neither the shim nor anything a loader would act on. */
static void plan_environment(struct start_plan *plan)
{
	int n = 0;

	for (char **e = environ; e && *e && n < MAX_ENV - 1; e++) {
		if (strncmp(*e, "PATH=", 5) != 0 && strncmp(*e, "UXFRM", 5) != 0)
			continue;
		if (strncmp(*e, "UXFRM_SHIM=", 11) != 0)
			plan->envp[n++] = *e;
	}
	plan->envp[n] = NULL;
}

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &action, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_daemon(const struct start_plan *plan, int ready)
{
	(void)setsid();
	(void)!chdir("/");
	umask(022);
	/* not to sit on 0..3 while these are being made */
	ready = (int)syscall(SYS_fcntl, ready, F_DUPFD, 10);
	int null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);

	null = (int)syscall(SYS_fcntl, null, F_DUPFD, 10);
	for (int i = 0; i < 3; i++)
		(void)syscall(SYS_dup3, null, i, 0);
	(void)syscall(SYS_dup3, ready, READY_FD, 0);
	(void)syscall(SYS_close_range, READY_FD + 1, ~0u, 0);
	reset_signals();
	/* not by the function of this library, which would give the environment back */
	(void)syscall(SYS_execve, plan->path, plan->argv, plan->envp);
	_exit(127);
}

static int await_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct timespec start, now;
	int left = READY_TIMEOUT_MS;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (left > 0) {
		int n = poll(&p, 1, left);
		char byte;

		if (n > 0)
			return shim_real()->read(fd, &byte, 1) == 1 ? 0 : -1;
		if (n < 0 && errno != EINTR)
			return -1;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = READY_TIMEOUT_MS - (int)((now.tv_sec - start.tv_sec) * 1000 +
						(now.tv_nsec - start.tv_nsec) / 1000000);
	}
	return -1;
}

int shim_daemon_start(void)
{
	struct start_plan plan;
	sigset_t all, before;
	int ready[2];

	choose_path(plan.path, sizeof(plan.path));
	plan_arguments(&plan);
	plan_environment(&plan);
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	/* no handler of the program may run in the clones */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t middle = (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);

	if (middle == 0) {
		if (syscall(SYS_clone, 0, NULL, NULL, NULL, NULL) == 0)
			run_daemon(&plan, ready[1]);
		_exit(0);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	shim_real()->close(ready[1]);
	while (middle > 0 && waitpid(middle, NULL, __WCLONE) < 0 && errno == EINTR)
		;
	int result = middle > 0 ? await_ready(ready[0]) : -1;

	shim_real()->close(ready[0]);
	return result;
}
