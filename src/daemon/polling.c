/* SPDX-License-Identifier: BSD-2-Clause */

/* How many threads run or want to is a number for the whole machine. It is compared with the CPUs that the
 * caller may use: a worker that is bound to one CPU counts everybody else as somebody who wants that one. */

#include "daemon/polling.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* After a packet that came soon, so many times it is tried. */
#define CREDIT 8

void ux_polling_init(struct ux_polling *p, uint32_t limit_us)
{
	*p = (struct ux_polling){.limit_ns = (uint64_t)limit_us * 1000, .load_fd = -1};
	if (limit_us)
		p->load_fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	if (p->load_fd < 0)
		p->limit_ns = 0;
}

void ux_polling_fini(struct ux_polling *p)
{
	if (p->load_fd >= 0)
		close(p->load_fd);
	p->load_fd = -1;
}

void ux_polling_begin(struct ux_polling *p, uint64_t now_ns)
{
	p->since_ns = now_ns;
}

void ux_polling_end(struct ux_polling *p, uint64_t now_ns)
{
	if (now_ns - p->since_ns <= p->limit_ns)
		p->credit = CREDIT;
	else if (p->credit)
		p->credit--;
}

bool ux_polling_in_time(const struct ux_polling *p, uint64_t now_ns)
{
	return p->credit && now_ns - p->since_ns < p->limit_ns;
}

uint32_t ux_polling_runnable(const char *text)
{
	const char *slash = strchr(text, '/');
	const char *at = slash;

	while (at && at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at && at != slash ? (uint32_t)strtoul(at, NULL, 10) : 0;
}

bool ux_polling_alone(const struct ux_polling *p)
{
	char text[128];
	ssize_t n = pread(p->load_fd, text, sizeof(text) - 1, 0);
	uint32_t runnable;
	cpu_set_t set;

	if (n <= 0 || sched_getaffinity(0, sizeof(set), &set) < 0)
		return false;
	text[n] = 0;
	runnable = ux_polling_runnable(text);
	return runnable && runnable <= (uint32_t)CPU_COUNT(&set);
}
