/* SPDX-License-Identifier: BSD-2-Clause */

#include "daemon/worker_cpus.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

#include "daemon/burst.h"

#define DEFAULT_MAX 8u

/* A number of a CPU at *@at, which moves behind it. */
static bool read_cpu(const char **at, int *ret_cpu)
{
	unsigned long n;
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	n = strtoul(*at, &end, 10);
	*at = end;
	*ret_cpu = (int)n;
	return n < CPU_SETSIZE;
}

int ux_worker_cpus_parse(const char *text, int *cpus, uint32_t max, uint32_t *ret_n,
			 struct ux_ext_ack *ext)
{
	uint32_t n = 0;

	for (const char *at = text; *at;) {
		int first, last;

		if (!read_cpu(&at, &first))
			return ux_fail(ext, EINVAL, "not a list of CPUs, as 0,2,4-7");
		last = first;
		if (*at == '-' && (at++, !read_cpu(&at, &last)))
			return ux_fail(ext, EINVAL, "not a list of CPUs, as 0,2,4-7");
		if (last < first || (*at && *at != ',') || (*at == ',' && !*++at))
			return ux_fail(ext, EINVAL, "not a list of CPUs, as 0,2,4-7");
		for (int cpu = first; cpu <= last; cpu++) {
			if (n == max)
				return ux_fail(ext, EINVAL, "too many CPUs");
			cpus[n++] = cpu;
		}
	}
	*ret_n = n;
	return 0;
}

/* What the environment says; 0: nothing that can be. */
static uint32_t of_environment(void)
{
	const char *text = secure_getenv("UXFRM_WORKERS");
	char *end;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	return text && !*end && n <= UX_WORKERS_MAX ? (uint32_t)n : 0;
}

uint32_t ux_workers_default(void)
{
	const uint32_t wanted = of_environment();
	cpu_set_t set;
	uint32_t half = 1;

	if (wanted)
		return wanted;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		half = (uint32_t)CPU_COUNT(&set) / 2;
	if (half < 1)
		half = 1;
	return half < DEFAULT_MAX ? half : DEFAULT_MAX;
}
