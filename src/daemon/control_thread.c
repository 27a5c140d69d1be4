/* SPDX-License-Identifier: BSD-2-Clause */

/* Setting up in the order of dependence, the loop, and taking down in reverse. */

#include "daemon/control_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <uxfrm/engine.h>

#include "daemon/clock.h"
#include "daemon/control_socket.h"
#include "daemon/host_ports.h"
#include "daemon/links.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/namespace_watch.h"
#include "daemon/ready.h"
#include "daemon/sandbox.h"
#include "daemon/selinux.h"
#include "daemon/status.h"
#include "daemon/tc_capture.h"

struct control_thread {
	const struct ux_config *config;
	struct ux_loop loop;
	struct uxfrm *engine;
	struct ux_control control;
	struct ux_host_ports *ports; /* NULL: control sockets only */
	struct ux_event signals, timer, notices;
	struct ux_namespace_watch watch;
	uint64_t started_ns, armed_ns, next_check_ns;
	bool stop;
};

static char *make_status(void *opaque)
{
	struct control_thread *t = opaque;
	struct ux_status_input in = {
	    .pid = (uint32_t)getpid(),
	    .clients = t->control.count,
	    .uptime_s = (ux_now_ns() - t->started_ns) / 1000000000u,
	};

	uxfrm_counts_get(t->engine, &in.counts);
	uxfrm_packet_stats_get(t->engine, &in.packets);
	if (t->ports) {
		in.tun_name = ux_host_ports_tun_name(t->ports);
		ux_workers_stats_get(ux_host_ports_workers(t->ports), &in.worker);
		in.capture = t->config->capture;
		ux_tc_capture_status_get(ux_host_ports_tc(t->ports), &in.tc);
		in.underlay = t->config->underlay;
		ux_xdp_underlay_status_get(ux_host_ports_xdp(t->ports, &in.xdp_why), &in.xdp);
	}
	return ux_status_json(&in);
}

static void settle_ports(void *opaque)
{
	struct control_thread *t = opaque;

	if (t->ports)
		ux_host_ports_settle(t->ports);
}

static bool covers_mark(void *opaque, uint32_t mark, uint32_t mask)
{
	struct control_thread *t = opaque;

	return t->ports && ux_host_ports_covers_mark(t->ports, mark, mask);
}

static void signals_ready(struct ux_event *event, uint32_t events)
{
	struct control_thread *t = ux_container_of(event, struct control_thread, signals);
	struct signalfd_siginfo info;

	while (read(event->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			t->stop = true;
	}
}

static void timer_ready(struct ux_event *event, uint32_t events)
{
	struct control_thread *t = ux_container_of(event, struct control_thread, timer);
	uint64_t expirations;

	/* The work itself is done after each round of the loop. */
	(void)!read(event->fd, &expirations, sizeof(expirations));
	t->armed_ns = UINT64_MAX;
}

/* Called from workers: a packet has caused something. */
static void wake(void *opaque)
{
	const struct control_thread *t = opaque;
	const uint64_t one = 1;

	(void)!write(t->notices.fd, &one, sizeof(one));
}

static void notices_ready(struct ux_event *event, uint32_t events)
{
	uint64_t n;

	/* The engine looks at them after each round of the loop. */
	(void)!read(event->fd, &n, sizeof(n));
}

static void check_namespace(struct control_thread *t, uint64_t now_ns)
{
	struct uxfrm_counts counts;
	bool in_use;

	if (!t->config->on_demand || now_ns < t->next_check_ns)
		return;
	t->next_check_ns =
	    now_ns +
	    (t->watch.idle_ns < UX_NAMESPACE_CHECK_NS ? t->watch.idle_ns : UX_NAMESPACE_CHECK_NS);
	uxfrm_counts_get(t->engine, &counts);
	in_use = counts.sa || (t->control.links && t->control.links->count) || counts.policy[0] ||
		 counts.policy[1] || counts.policy[2] || t->control.count;
	if (ux_namespace_watch_over(&t->watch, now_ns, in_use, t->control.count != 0)) {
		ux_log(LOG_INFO, "nobody needs this daemon any more");
		t->stop = true;
	}
}

/* After a long wait: what clients ask now is asked now, not when the wait began. */
static void tell_time(void *opaque)
{
	struct control_thread *t = opaque;

	uxfrm_time(t->engine, ux_now_ns(), ux_real_s());
}

/* Let time pass for everyone and arm the timer for what comes next. */
static void pass_time(struct control_thread *t)
{
	uint64_t now_ns = ux_now_ns();
	uint64_t next_ns = uxfrm_tick(t->engine, now_ns, ux_real_s());

	if (t->ports) {
		uint64_t ports_ns = ux_host_ports_tick(t->ports, now_ns);

		next_ns = ports_ns < next_ns ? ports_ns : next_ns;
	}
	check_namespace(t, now_ns);
	if (t->config->on_demand && t->next_check_ns < next_ns)
		next_ns = t->next_check_ns;
	if (next_ns == t->armed_ns)
		return;
	t->armed_ns = next_ns;
	if (next_ns == UINT64_MAX) {
		const struct itimerspec off = {0};

		(void)timerfd_settime(t->timer.fd, TFD_TIMER_ABSTIME, &off, NULL);
	} else {
		/* 0 would turn the timer off; the past fires at once. */
		const struct itimerspec at = {
		    .it_value = {.tv_sec = (time_t)(next_ns / 1000000000u),
				 .tv_nsec = (long)(next_ns % 1000000000u) + !next_ns}};

		(void)timerfd_settime(t->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
	}
}

static int open_events(struct control_thread *t)
{
	sigset_t set;
	int err;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->signals = (struct ux_event){.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				       .ready = signals_ready};
	t->timer =
	    (struct ux_event){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
			      .ready = timer_ready};
	t->notices =
	    (struct ux_event){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = notices_ready};
	if (t->signals.fd < 0 || t->timer.fd < 0 || t->notices.fd < 0)
		return -errno;
	err = ux_loop_add(&t->loop, &t->signals, EPOLLIN);
	err = err ? err : ux_loop_add(&t->loop, &t->timer, EPOLLIN);
	return err ? err : ux_loop_add(&t->loop, &t->notices, EPOLLIN);
}

/* By settings, and where that is left to us, by SELinux. */
static bool keeps_labels(struct control_thread *t)
{
	bool selinux = t->config->labels != UX_LABELS_OFF && ux_selinux_enabled();

	t->control.asks_selinux = selinux;
	if (t->config->labels == UX_LABELS_ON && !selinux)
		ux_log(LOG_NOTICE,
		       "security labels are kept; no SELinux is asked who may use them");
	return selinux || t->config->labels == UX_LABELS_ON;
}

static int open_engine(struct control_thread *t)
{
	struct uxfrm_params params;

	uxfrm_params_init(&params);
	params.now_ns = t->started_ns;
	params.real_s = ux_real_s();
	params.grace_ms = t->config->grace_ms;
	params.max_sa = t->config->max_sa;
	params.max_policy = t->config->max_policy;
	params.strict_templates = t->config->strict_templates;
	params.hold_ms = t->config->hold_ms;
	params.larval_drop = t->config->larval_drop;
	params.acq_expires_s = t->config->acq_expires;
	params.max_acquire = t->config->max_acquire;
	params.max_flows = t->config->max_flows;
	params.labels = keeps_labels(t);
	params.wake = wake;
	params.wake_opaque = t;
	return uxfrm_new(&params, &t->engine);
}

static int take_name(struct control_thread *t, struct ux_ext_ack *ext)
{
	int err;

	t->control.loop = &t->loop;
	t->control.engine = t->engine;
	t->control.config = t->config;
	t->control.status = make_status;
	t->control.status_opaque = t;
	t->control.settle = settle_ports;
	t->control.settle_opaque = t;
	t->control.covers = covers_mark;
	err = ux_control_bind(&t->control);
	if (err == -EADDRINUSE)
		return ux_fail(ext, EADDRINUSE,
			       "another uxfrmd serves this network namespace already");
	return err ? ux_fail(ext, -err, "cannot open the control socket") : 0;
}

/* Control works without packets: a client can be tried, a database prepared. But it is said loudly.
 */
static void open_ports(struct control_thread *t)
{
	struct ux_ext_ack ext = {0};
	int err;

	if (!t->config->ports)
		return;
	err = ux_host_ports_open(t->engine, t->config, &t->loop, &t->ports, &ext);
	if (err)
		ux_log(LOG_ERR, "no packets will be carried: %s: %s",
		       ext.msg[0] ? ext.msg : "ports", strerror(-err));
}

static int set_up(struct control_thread *t, struct ux_ext_ack *ext)
{
	int err;

	/* Started for a client without rights it could serve nobody, and would stand in the way of
	 * one that can. */
	if (t->config->on_demand && !ux_sandbox_has_network_rights())
		return ux_fail(ext, EPERM, "CAP_NET_ADMIN is needed in this network namespace");
	err = open_events(t);
	if (err)
		return ux_fail(ext, -err, "cannot open timer, signal and event descriptors");
	err = open_engine(t);
	if (err)
		return ux_fail(ext, -err, "cannot make the engine");
	err = take_name(t, ext);
	if (err)
		return err;
	if (t->config->on_demand &&
	    ux_namespace_watch_init(&t->watch, t->config->idle_s * 1000000000ull) < 0)
		return ux_fail(ext, ENOENT, "cannot tell the network namespace; is /proc mounted?");
	open_ports(t);
	t->control.links = t->ports ? ux_host_ports_links(t->ports) : NULL;
	t->control.workers = t->ports ? ux_host_ports_workers(t->ports) : NULL;
	err = ux_sandbox_late(t->ports && t->config->underlay != UX_UNDERLAY_RAW);
	if (err)
		return ux_fail(ext, -err, "cannot drop capabilities");
	err = ux_control_listen(&t->control);
	return err ? ux_fail(ext, -err, "cannot listen on the control socket") : 0;
}

/* Up to here errors go to who started us; from here on nobody need be there any more. */
static int become_ready(struct control_thread *t, int ready_fd)
{
	ux_log(LOG_INFO, "ready%s%s", t->ports ? ", packets by " : "",
	       t->ports ? ux_host_ports_tun_name(t->ports) : "");
	ux_sd_notify("READY=1");
	ux_ready_tell(t->config->ready_fd);
	if (!t->config->foreground) {
		int err = ux_detach_stdio();

		if (!err && !t->config->log_file[0])
			err = ux_log_open(UX_LOG_SYSLOG, NULL, t->config->log_level);
		if (err)
			return err;
	}
	ux_ready_tell(ready_fd);
	return 0;
}

static int serve(struct control_thread *t)
{
	int err = 0;

	pass_time(t);
	t->loop.woken = tell_time;
	t->loop.woken_opaque = t;
	while (!t->stop && !err) {
		err = ux_loop_run_once(&t->loop);
		ux_control_reap(&t->control);
		pass_time(t);
	}
	return err;
}

static void take_down(struct control_thread *t)
{
	/* The name is given up last: a successor that starts at once does not find its rules and
	 * routes taken down by us. */
	t->ports = ux_host_ports_close(t->ports);
	t->control.links = NULL;
	t->control.workers = NULL;
	ux_control_fini(&t->control);
	t->engine = uxfrm_free(t->engine);
	if (t->timer.fd >= 0)
		close(t->timer.fd);
	if (t->signals.fd >= 0)
		close(t->signals.fd);
	if (t->notices.fd >= 0)
		close(t->notices.fd);
	ux_loop_fini(&t->loop);
}

int ux_control_thread_run(const struct ux_config *config, int ready_fd, struct ux_ext_ack *ext)
{
	struct control_thread t = {
	    .config = config,
	    .loop = {.epoll_fd = -1},
	    .signals = {.fd = -1},
	    .timer = {.fd = -1},
	    .notices = {.fd = -1},
	    .started_ns = ux_now_ns(),
	};
	int err = ux_loop_init(&t.loop);

	if (!err)
		err = set_up(&t, ext);
	if (!err)
		err = become_ready(&t, ready_fd);
	if (!err) {
		err = serve(&t);
		ux_sd_notify("STOPPING=1");
	}
	take_down(&t);
	return err;
}
