/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plain ESP between two network namespaces over veth, by the ports that the daemon uses, without a
 * daemon and without crypto: packets a second by AF_XDP and by raw sockets, in turn. Each end has a
 * processor of its own. What is sent back is dropped on arrival: the right end knows its neighbour
 * by a wrong address.
 */
#include "underlay.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "rows.h"

#define RUNS 5
#define RUNS_MAX 31

struct options {
	unsigned int runs;
	double warm_s, seconds;
	const char *work, *size; /* NULL: all */
};

static const struct work {
	const char *name, *text;
	enum underlay_work work;
	const char *peer;
} works[] = {
    {"one-way", "ESP sent and received", UNDERLAY_ONE_WAY, "raw sockets, the same"},
    {"back", "ESP received and sent back", UNDERLAY_BACK, "raw sockets, the same"},
};
static const struct size {
	uint32_t bytes;
	const char *text;
	double aim;
} sizes[] = {{64, "64 B", 1.6}, {1400, "1400 B", 1.3}};

static char left_name[32], right_name[32];

static void sh(bool must, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void sh(bool must, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (system(line) != 0 && must)
		bench_die(line);
}

static void take_down(void)
{
	sh(false, "ip netns del %s 2>/dev/null", left_name);
	sh(false, "ip netns del %s 2>/dev/null", right_name);
}

static void set_up(void)
{
	static const char *const mac = "02:00:00:00:00:0";

	snprintf(left_name, sizeof(left_name), "uxbench%d-left", getpid());
	snprintf(right_name, sizeof(right_name), "uxbench%d-right", getpid());
	sh(true, "ip netns add %s && ip netns add %s", left_name, right_name);
	atexit(take_down);
	sh(true, "ip -n %s link add " UNDERLAY_DEVICE " address %s1 type veth peer name " UNDERLAY_DEVICE
	   " address %s2 netns %s", left_name, mac, mac, right_name);
	sh(true, "ip -n %s address add " UNDERLAY_LEFT "/24 dev " UNDERLAY_DEVICE
	   " && ip -n %s link set " UNDERLAY_DEVICE " up", left_name, left_name);
	sh(true, "ip -n %s address add " UNDERLAY_RIGHT "/24 dev " UNDERLAY_DEVICE
	   " && ip -n %s link set " UNDERLAY_DEVICE " up", right_name, right_name);
	sh(true, "ip -n %s neigh replace " UNDERLAY_RIGHT " lladdr %s2 dev " UNDERLAY_DEVICE, left_name, mac);
	sh(true, "ip -n %s neigh replace " UNDERLAY_LEFT " lladdr %s9 dev " UNDERLAY_DEVICE, right_name, mac);
}

static void sleep_s(double seconds)
{
	struct timespec t = {.tv_sec = (time_t)seconds};

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static pid_t start(const char *name, int cpu, int (*body)(struct underlay_job *),
		   struct underlay_job *job)
{
	char path[64];
	cpu_set_t cpus;
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		_exit(1);
	_exit(body(job));
}

static void wait_ready(struct underlay_job *job, const pid_t *pids)
{
	for (int i = 0; i < 500 && atomic_load(&job->ready) < 2; i++)
		sleep_s(0.01);
	if (atomic_load(&job->ready) == 2)
		return;
	kill(pids[0], SIGKILL);
	kill(pids[1], SIGKILL);
	bench_die("an end did not start");
}

/* Million packets a second. */
static double run_once(const struct options *o, struct underlay_job *job, enum underlay_kind kind,
		       enum underlay_work work, uint32_t size)
{
	double begin, end;
	uint64_t before, after;
	pid_t pids[2];

	memset(job, 0, sizeof(*job));
	job->kind = kind;
	job->work = work;
	job->size = size;
	pids[1] = start(right_name, 1, underlay_right, job);
	pids[0] = start(left_name, 0, underlay_left, job);
	wait_ready(job, pids);
	sleep_s(o->warm_s);
	before = atomic_load(&job->carried);
	begin = now_s();
	sleep_s(o->seconds);
	after = atomic_load(&job->carried);
	end = now_s();
	atomic_store(&job->stop, true);
	for (int i = 0; i < 2; i++)
		(void)waitpid(pids[i], NULL, 0);
	if (after == before)
		bench_die("no packet arrives");
	return (double)(after - before) / (end - begin) / 1e6;
}

static void compare(const struct options *o, struct underlay_job *job, const struct work *w,
		    const struct size *s)
{
	double xdp[RUNS_MAX], raw[RUNS_MAX];
	struct bench_row row = {.work = w->text, .size = s->text, .unit = "Mpps", .peer = w->peer,
				.aim = s->aim, .runs = o->runs};

	for (unsigned int i = 0; i < o->runs; i++) {
		xdp[i] = run_once(o, job, UNDERLAY_XDP, w->work, s->bytes);
		raw[i] = run_once(o, job, UNDERLAY_RAW, w->work, s->bytes);
	}
	row.ours = bench_median(xdp, o->runs);
	row.peer_value = bench_median(raw, o->runs);
	bench_row_add(&row);
}

/* Before other programs, but not before the kernel's own threads, which carry the packets: so no
 * real-time priority. Best effort. */
static void go_first(void)
{
	int fd;

	(void)setsid();
	fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "-20", 3);
		close(fd);
	}
	(void)setpriority(PRIO_PROCESS, 0, -10);
}

static void usage(void)
{
	bench_die("usage: underlay [--quick] [--runs N] [--work one-way|back] [--size 64|1400] [--json FILE]");
}

static const char *parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
	    {"json", required_argument, NULL, 'j'}, {"quick", no_argument, NULL, 'q'},
	    {"runs", required_argument, NULL, 'r'}, {"work", required_argument, NULL, 'w'},
	    {"size", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	const char *json = NULL;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'j')
			json = optarg;
		else if (opt == 'q')
			o->seconds = 0.3;
		else if (opt == 'r')
			o->runs = (unsigned int)strtoul(optarg, NULL, 10);
		else if (opt == 'w')
			o->work = optarg;
		else if (opt == 's')
			o->size = optarg;
		else
			usage();
	}
	if (optind < argc || !o->runs || o->runs > RUNS_MAX)
		usage();
	return json;
}

int main(int argc, char **argv)
{
	struct options o = {.runs = RUNS, .warm_s = 0.2, .seconds = 1.0};
	const char *json = parse(argc, argv, &o);
	struct underlay_job *job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (job == MAP_FAILED)
		bench_die("no memory");
	if (geteuid() != 0)
		bench_die("needs root, for network namespaces");
	go_first();
	set_up();
	for (size_t w = 0; w < sizeof(works) / sizeof(works[0]); w++) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			if ((o.work && strcmp(o.work, works[w].name) != 0) ||
			    (o.size && (uint32_t)atoi(o.size) != sizes[s].bytes))
				continue;
			compare(&o, job, &works[w], &sizes[s]);
		}
	}
	if (json)
		bench_rows_write(json);
	return bench_rows_met() ? 0 : 1;
}
