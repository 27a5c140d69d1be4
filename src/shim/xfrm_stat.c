/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The daemon's status is JSON that it wrote itself. Of its drops this reads two members each,
 * "linux_name" and the "count" behind it, and no more: there is no JSON library in here.
 */

#include "shim/xfrm_stat.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uxfrm/control.h>

#include "base/xfrm_counters.h"
#include "shim/control_channel.h"
#include "shim/real.h"

#define ROOM_BYTES (sizeof(struct uxfrm_control_msg) + UXFRM_CONTROL_STATUS_MAX + 1)
#define LINE_MAX_BYTES 64

bool shim_is_xfrm_stat(const char *path)
{
	static const char *const names[] = {"/proc/net/xfrm_stat", "/proc/self/net/xfrm_stat",
					    "/proc/thread-self/net/xfrm_stat"};

	if (strncmp(path, "/proc/", 6) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return false;
}

/* The text behind "@name": in @at, or NULL. */
static const char *member(const char *at, const char *name)
{
	const char *found = strstr(at, name);

	if (!found)
		return NULL;
	found += strlen(name);
	return found + strspn(found, ": ");
}

static long long sum_of(const char *json, const char *counter)
{
	const size_t len = strlen(counter);
	long long sum = 0;

	for (const char *at = json; (at = member(at, "\"linux_name\""));) {
		bool same = at[0] == '"' && strncmp(at + 1, counter, len) == 0 && at[len + 1] == '"';
		const char *count = member(at, "\"count\"");

		if (same && count)
			sum += strtoll(count, NULL, 10);
	}
	return sum;
}

/* The daemon's answer into @room, ended by a zero: its JSON, or NULL. */
static const char *ask(char *room)
{
	const struct uxfrm_control_msg msg = {.magic = UXFRM_CONTROL_MAGIC,
					      .version = UXFRM_CONTROL_VERSION,
					      .op = UXFRM_CONTROL_STATUS};
	int fd = shim_control_connect();
	ssize_t n = -1;

	if (fd < 0)
		return NULL;
	if (shim_real()->send(fd, &msg, sizeof(msg), MSG_NOSIGNAL) == (ssize_t)sizeof(msg)) {
		do
			n = shim_real()->recv(fd, room, ROOM_BYTES - 1, 0);
		while (n < 0 && errno == EINTR);
	}
	shim_real()->close(fd);
	if (n <= (ssize_t)sizeof(msg))
		return NULL;
	room[n] = '\0';
	return room + sizeof(msg);
}

static int write_all(int fd, const char *json)
{
	char text[UX_XFRM_COUNTERS * LINE_MAX_BYTES];
	size_t len = 0;

	for (size_t i = 0; i < UX_XFRM_COUNTERS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, UX_XFRM_COUNTER_FORMAT,
					ux_xfrm_counters[i], sum_of(json, ux_xfrm_counters[i]));
	return shim_real()->write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0 ? 0
												 : -1;
}

int shim_xfrm_stat_open(bool cloexec)
{
	char *room = mmap(NULL, ROOM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	const char *json = room == MAP_FAILED ? NULL : ask(room);
	int fd = json ? memfd_create("xfrm_stat", cloexec ? MFD_CLOEXEC : 0) : -1;

	if (fd >= 0 && write_all(fd, json) < 0) {
		shim_real()->close(fd);
		fd = -1;
	}
	if (room != MAP_FAILED)
		munmap(room, ROOM_BYTES);
	return fd;
}
