/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Our socket may hear of an error a moment before the kernel has taken it in, and somebody may send
 * us very many: so workers forget a little later, once for all that has come.
 */

#include "daemon/path_watch.h"

#include <netinet/in.h>

#include "base/list.h"
#include "daemon/clock.h"
#include "io/net_device.h"

#define WAIT_NS 20000000ull
/* One that is made up costs all workers a question for each path: some at once, for the routers of a
 * path one after the other, and then as many as paths are asked for anew anyway. */
#define AT_ONCE 10
#define PAUSE_NS 1000000000ull

uint64_t ux_path_watch_due(struct ux_path_watch *w, uint64_t now_ns)
{
	const uint64_t ahead_ns = (AT_ONCE - 1) * PAUSE_NS;
	uint64_t turn_ns = w->next_ns > now_ns ? w->next_ns : now_ns;

	w->next_ns = turn_ns + PAUSE_NS;
	return turn_ns > now_ns + WAIT_NS + ahead_ns ? turn_ns - ahead_ns : now_ns + WAIT_NS;
}

/* Not those that we have sent ourselves about packets of programs. */
static bool is_of_outer(const struct ux_path_error *e)
{
	if (e->proto == IPPROTO_ESP || e->proto == IPPROTO_AH || e->proto == IPPROTO_COMP)
		return true;
	return e->proto == IPPROTO_UDP && !ux_net_device_is_inner(e->ifindex);
}

static void learn(void *opaque, const struct ux_path_error *e)
{
	struct ux_path_watch *w = opaque;

	if (w->learned && is_of_outer(e))
		ux_path_learned_note(w->learned, e->family, &e->to, e->mtu, ux_now_ns());
}

static void errors_ready(struct ux_path_watch *w)
{
	if (ux_path_errors_read(&w->errors, learn, w) && w->forget_ns == UINT64_MAX)
		w->forget_ns = ux_path_watch_due(w, ux_now_ns());
}

static void errors4_ready(struct ux_event *event, uint32_t events)
{
	errors_ready(ux_container_of(event, struct ux_path_watch, event[0]));
}

static void errors6_ready(struct ux_event *event, uint32_t events)
{
	errors_ready(ux_container_of(event, struct ux_path_watch, event[1]));
}

int ux_path_watch_open(struct ux_path_watch *w, struct uxfrm *engine, struct ux_loop *loop,
		       struct ux_path_learned *learned)
{
	int err;

	*w = (struct ux_path_watch){
	    .engine = engine, .learned = learned, .forget_ns = UINT64_MAX};
	err = ux_path_errors_open(&w->errors);
	if (err)
		return err;
	w->loop = loop;
	for (int i = 0; i < 2; i++) {
		w->event[i] = (struct ux_event){.fd = w->errors.fd[i],
						.ready = i ? errors6_ready : errors4_ready};
		if (w->event[i].fd >= 0)
			err = err ? err : ux_loop_add(loop, &w->event[i], EPOLLIN);
	}
	return err;
}

void ux_path_watch_close(struct ux_path_watch *w)
{
	if (!w->loop)
		return;
	for (int i = 0; i < 2; i++) {
		if (w->event[i].fd >= 0)
			ux_loop_remove(w->loop, &w->event[i]);
	}
	ux_path_errors_close(&w->errors);
	w->loop = NULL;
}

uint64_t ux_path_watch_tick(struct ux_path_watch *w, uint64_t now_ns)
{
	if (now_ns >= w->forget_ns) {
		uxfrm_paths_forget(w->engine);
		w->forget_ns = UINT64_MAX;
	}
	return w->forget_ns;
}
