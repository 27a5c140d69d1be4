/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_PACKET_H
#define UXFRM_PACKET_H

/*
 * The packet path of an engine: bursts of packets go in, are changed in place, and come out sorted.
 *
 * A thread that handles packets makes one worker, from that thread, and uses it alone. No call here
 * allocates, blocks or takes a lock. The control calls of <uxfrm/engine.h> may run meanwhile in
 * another thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/drop.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uxfrm;
struct uxfrm_worker;

/*
 * Room a caller leaves in front of and behind a packet, bytes: enough for as many SAs as a policy can
 * name, six, of any kind. With less room a packet may be dropped (OUT_ROOM); SAs with TFC padding need more
 * behind, up to the length they fill packets to.
 */
#define UXFRM_HEADROOM 512
#define UXFRM_TAILROOM 512
#define UXFRM_BURST 64 /* the most packets of one burst */

enum uxfrm_verdict {
	UXFRM_DROP = 0,	   /* reason in drop */
	UXFRM_UNDERLAY,	   /* outbound: a complete outer IP packet, to be sent with mark */
	UXFRM_BYPASS,	   /* outbound: unchanged, a policy (or none) lets it go in clear */
	UXFRM_DELIVER,	   /* inbound: the inner IP packet, to be given to the host */
	UXFRM_CONSUMED,	   /* inbound: nothing to deliver and nothing wrong (NAT keepalive) */
	UXFRM_ASK_PATH,	   /* outbound: left as it was; see uxfrm_worker_follow_paths() */
	UXFRM_HOLD	   /* as it was: what it needs was taken away and may come back. To be kept, and given to
			      the same call again when uxfrm_changes() has moved; at the latest after hold_ms,
			      then with may_hold UXFRM_MAY_HOLD_NOT. */
};

#define UXFRM_MAY_HOLD_NOT 0   /* no, or it has waited long enough */
#define UXFRM_MAY_HOLD_AGAIN 1 /* yes, and it was kept before */
#define UXFRM_MAY_HOLD_FIRST 2 /* yes */

/*
 * One packet. The caller owns buf; data..data+len lies within buf..buf+size. The engine moves data
 * and len. "In" fields are set by the caller, "out" fields by the engine.
 */
struct uxfrm_packet {
	uint8_t *buf;	 /* in */
	uint32_t size;	 /* in: bytes at buf */
	uint32_t len;	 /* in/out: bytes at data */
	uint8_t *data;	 /* in/out: outbound: the inner IP packet. inbound: the outer IP packet */
	uint32_t mark;	 /* in: the packet's mark (fwmark). out: the mark to send or deliver with */
	uint8_t verdict; /* out: enum uxfrm_verdict */
	uint8_t drop;	 /* out: enum uxfrm_drop, when verdict is UXFRM_DROP */
	uint8_t may_fragment; /* out: 1 = a too large outer packet may be fragmented (DF clear / IPv6 source) */
	uint8_t may_split; /* in: outbound: 1 = never too big for its path: its outer packet may be fragmented */
	uint8_t may_hold;  /* in: can the caller keep it (UXFRM_HOLD)? UXFRM_MAY_HOLD_* */
	uint32_t spi;	 /* out: SPI of the SA used, host byte order; 0 if none. UXFRM_HOLD: says with which
			    others it shares the room there is for those that wait */
	/* out: with UNDERLAY: the MTU of its path, 0 = not known. With drop OUT_TOO_BIG, and not 0: the packet was
	 * left as it was, and so large may it be */
	uint32_t mtu;
	uint32_t hold_ms; /* out: with UXFRM_HOLD, how long it may wait in all */
	int32_t ifindex; /* in: interface it came by, outbound: it is to leave by; 0 = any */
	uint32_t if_id;	 /* outbound: in, of the interface it was sent to, which lets nothing pass in
			    clear; 0 = none. inbound: out, of the interface to deliver it by */
};

/* uxfrm_worker_new - make the calling thread a worker of @u. NULL when out of memory. */
struct uxfrm_worker *uxfrm_worker_new(struct uxfrm *u);
#define UXFRM_CPU_OWN UINT32_MAX
/*
 * uxfrm_worker_set_cpu - the worker's CPU as SAs for one CPU (RFC 9611) name it. UXFRM_CPU_OWN, as it is
 * at first: that the thread runs on, asked of libc once a burst, which costs no system call where the
 * kernel tells it through memory, as Linux on x86-64 and arm64 does.
 */
void uxfrm_worker_set_cpu(struct uxfrm_worker *w, uint32_t cpu);
/* uxfrm_worker_clock - seconds since 1970, for the next packets. Without it they happen at the time of the last
 * uxfrm_tick. */
void uxfrm_worker_clock(struct uxfrm_worker *w, uint64_t real_s);

/*
 * Workers that share an SA. A peer accepts a number only within its window's reach of the highest it has seen, so
 * packets are to leave in the order of their numbers; and numbers are to be marked as seen in the order in
 * which the packets came. The engine says when; whoever runs several workers lets them wait for each
 * other. With one worker nothing of this is needed. The calls come from within uxfrm_outbound and uxfrm_inbound.
 */
struct uxfrm_order_ops {
	/* outbound: the next packets of the SA @sa get their numbers. No other worker may be between the first of
	 * these calls and numbered, or the end of uxfrm_outbound if that does not come. */
	void (*number)(void *opaque, uint64_t sa);
	/* outbound: all packets of this uxfrm_outbound, if they are no more than UXFRM_BURST, have their numbers. */
	void (*numbered)(void *opaque);
	/* inbound: the first packet of this uxfrm_inbound is about to be marked as seen. May come again. */
	void (*arrived)(void *opaque);
};
/* uxfrm_worker_set_order - @ops NULL: none, as it is at first. */
void uxfrm_worker_set_order(struct uxfrm_worker *w, const struct uxfrm_order_ops *ops, void *opaque);

/* uxfrm_worker_free - the same thread, when done. Its counters stay in the engine. Returns NULL. */
struct uxfrm_worker *uxfrm_worker_free(struct uxfrm_worker *w);

/*
 * uxfrm_outbound - apply the SPD to packets that want to leave.
 * @packets: at most UXFRM_BURST pointers, order kept. Each gets a verdict.
 * A fragment that a transport-mode SA would have to protect (RFC 4303 section 3.3.4), or whose policy
 * depends on ports, which later fragments do not show, gets UXFRM_DROP with reason FRAGMENT and is left as
 * it was: the caller puts such packets together and tries again.
 */
void uxfrm_outbound(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n);

/*
 * uxfrm_inbound - packets from the underlay: complete outer IP packets (not fragments) that carry ESP,
 * or UDP with ESP inside. Each gets a verdict.
 */
void uxfrm_inbound(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n);

/* The way an outer packet takes: what routing looks at. IPv4 addresses are the first 4 bytes. */
struct uxfrm_path {
	uint32_t mark;
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t reserved;
	uint8_t saddr[16], daddr[16];
};

/*
 * uxfrm_worker_follow_paths - measure outbound packets against the MTU of their path from now on. One that is
 * larger and must not be fragmented is dropped (OUT_TOO_BIG), and mtu says what its sender should be told.
 * 0 or -ENOMEM.
 *
 * A worker does not know paths by itself. Packets with verdict UXFRM_ASK_PATH are as they were: the caller finds
 * out the MTU of uxfrm_path_asked(), the path of the first of them, sets it, and gives them to uxfrm_outbound
 * again, until none has this verdict. The worker remembers some thousand paths.
 */
int uxfrm_worker_follow_paths(struct uxfrm_worker *w);
/* uxfrm_path_asked - the path a packet of the last uxfrm_outbound waits for, NULL if none does. Valid until the next. */
const struct uxfrm_path *uxfrm_path_asked(struct uxfrm_worker *w);
/* uxfrm_path_set - @mtu 0: not known, everything may go. Lost if paths were forgotten since the packet asked. */
void uxfrm_path_set(struct uxfrm_worker *w, const struct uxfrm_path *path, uint32_t mtu);
/* uxfrm_paths_forget - all workers forget all paths, as routes or their MTUs have changed. Any thread. */
void uxfrm_paths_forget(struct uxfrm *u);

/*
 * uxfrm_cleartext - packets that reached the host without protection. UXFRM_DELIVER: the SPD lets them in.
 * @forwarded: they are not for the host itself; fwd policies decide, else in policies.
 */
void uxfrm_cleartext(struct uxfrm_worker *w, struct uxfrm_packet *const *packets, size_t n, bool forwarded);

/*
 * uxfrm_worker_held - the caller keeps packets (UXFRM_HOLD), which were given to this worker last when uxfrm_changes() was
 * @offered; @any false: it keeps none. When it has moved since, what comes is held behind them, so that the order stays.
 */
void uxfrm_worker_held(struct uxfrm_worker *w, bool any, uint32_t offered);

/*
 * When an SA moves its packets may come by another port (another socket, another device's queue) than those
 * sent before, and a busy worker would see them first, ahead of the others by more than a replay window. So
 * the first of them wait (UXFRM_HOLD) until the other ports' queues have been looked at.
 *
 * uxfrm_worker_set_several_ports - @several: packets from the network come to this worker by several ports,
 * and it does as follows. At first not: none waits for this.
 * uxfrm_worker_wants_older - after uxfrm_inbound: how many SAs have packets that wait so, 0 to 64. The
 * caller gives to uxfrm_inbound all that its other ports have now, then calls
 * uxfrm_worker_older_taken with that number; those that wait are then to be offered again.
 */
void uxfrm_worker_set_several_ports(struct uxfrm_worker *w, bool several);
uint32_t uxfrm_worker_wants_older(const struct uxfrm_worker *w);
void uxfrm_worker_older_taken(struct uxfrm_worker *w, uint32_t n);
/* uxfrm_changes - has moved when packets that were held may pass. Any thread. */
uint32_t uxfrm_changes(const struct uxfrm *u);

/* Sums over all workers of an engine, also those that are gone. */
struct uxfrm_packet_stats {
	uint64_t out_packets, out_bytes;    /* inner packets and bytes protected */
	uint64_t in_packets, in_bytes;	    /* inner packets and bytes delivered */
	uint64_t bypassed;		    /* outbound, sent in clear by policy */
	uint64_t held;			    /* verdicts UXFRM_HOLD */
	uint64_t drops[UXFRM_DROP_COUNT];
};

void uxfrm_packet_stats_get(struct uxfrm *u, struct uxfrm_packet_stats *ret_stats);

#ifdef __cplusplus
}
#endif
#endif
