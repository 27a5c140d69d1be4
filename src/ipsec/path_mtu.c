/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Paths are remembered by each worker for itself, in a table where one may displace another. All
 * are forgotten together: what is remembered has the number of the time it was learned in.
 */

#include "ipsec/path_mtu.h"

#include <errno.h>
#include <stdlib.h>

#include <uxfrm/api.h>

#include "base/rcu.h"
#include "ipsec/protocol.h"

#define PATHS 4096
#define IP4_MTU_MIN 68
#define IP6_MTU_MIN 1280

struct known_path {
	struct uxfrm_path path;
	uint32_t mtu;
	uint32_t learned_in; /* 0: nothing here */
};

struct ux_path_cache {
	struct known_path paths[PATHS];
	struct uxfrm_path asked; /* by the first packet of the burst that did not know */
	uint32_t asked_in;	 /* an answer is as old as the question */
	bool has_asked;
};

UXFRM_API int uxfrm_worker_follow_paths(struct uxfrm_worker *w)
{
	if (!w->paths)
		w->paths = calloc(1, sizeof(*w->paths));
	/* flows were remembered without a path */
	uxfrm_paths_forget(w->instance);
	return w->paths ? 0 : -ENOMEM;
}

void ux_path_cache_free(struct ux_path_cache *cache)
{
	free(cache);
}

UXFRM_API void uxfrm_paths_forget(struct uxfrm *u)
{
	atomic_fetch_add_explicit(&u->paths_forgotten, 1, memory_order_relaxed);
}

/* The number of this time; never 0 in practice, and at worst a path is asked for again. */
static uint32_t this_time(const struct uxfrm_worker *w)
{
	return atomic_load_explicit(&w->instance->paths_forgotten, memory_order_relaxed) + 1;
}

static struct known_path *place_of(struct uxfrm_worker *w, const struct uxfrm_path *path)
{
	uint64_t hash = ux_siphash(&w->instance->hash_key, path, sizeof(*path));

	return &w->paths->paths[hash % PATHS];
}

UXFRM_API const struct uxfrm_path *uxfrm_path_asked(struct uxfrm_worker *w)
{
	return w->paths && w->paths->has_asked ? &w->paths->asked : NULL;
}

UXFRM_API void uxfrm_path_set(struct uxfrm_worker *w, const struct uxfrm_path *path, uint32_t mtu)
{
	struct known_path *known;

	if (!w->paths)
		return;
	known = place_of(w, path);
	known->path = *path;
	known->mtu = mtu ? mtu : UINT32_MAX;
	known->learned_in = w->paths->asked_in;
}

void ux_path_begin(struct uxfrm_worker *w)
{
	if (!w->paths)
		return;
	w->paths->has_asked = false;
	w->paths->asked_in = this_time(w);
}

/* Of the packet that will leave: by the addresses of the outermost SA, with the mark all have made.
 */
static void path_of(const struct ux_slot *s, struct uxfrm_path *ret_path)
{
	const struct ux_sa *sa = s->bundle[s->n_bundle - 1];
	uint32_t mark = s->p->mark;

	for (unsigned int i = 0; i < s->n_bundle; i++) {
		const struct ux_mark *m = &s->bundle[i]->output_mark;

		mark = (mark & ~m->m) | (m->v & m->m);
	}
	/* all bytes count in comparisons */
	memset(ret_path, 0, sizeof(*ret_path));
	ret_path->family = sa->id.family;
	ret_path->mark = mark;
	memcpy(ret_path->saddr, &sa->saddr, sa->id.family == AF_INET ? 4 : 16);
	memcpy(ret_path->daddr, &sa->id.daddr, sa->id.family == AF_INET ? 4 : 16);
}

/* The path's MTU; 0: has been asked for. Neighbours in a burst mostly go by one SA. */
static uint32_t find_mtu(struct uxfrm_worker *w, const struct ux_slot *s)
{
	const struct ux_sa *only = s->n_bundle == 1 ? s->bundle[0] : NULL;
	const struct known_path *known;
	struct uxfrm_path path;

	if (only && only == w->path_sa && s->p->mark == w->path_mark)
		return w->path_mtu;
	path_of(s, &path);
	known = place_of(w, &path);
	if (known->learned_in != this_time(w) || memcmp(&known->path, &path, sizeof(path)) != 0) {
		if (!w->paths->has_asked)
			w->paths->asked = path;
		w->paths->has_asked = true;
		return 0;
	}
	w->path_sa = only;
	w->path_mark = s->p->mark;
	w->path_mtu = known->mtu;
	return known->mtu;
}

static uint32_t ip_len(uint16_t family)
{
	return family == AF_INET ? UX_IP4_LEN : UX_IP6_LEN;
}

/* Bytes of what comes to SA number @i of the bundle that stay outside its payload. */
static uint32_t bared(const struct ux_slot *s, unsigned int i)
{
	const struct ux_sa *sa = s->bundle[i];
	uint32_t dummy, len;

	if (sa->mode == UX_MODE_TUNNEL)
		return 0;
	if (i > 0) /* a header that the SA before has made */
		return ip_len(s->bundle[i - 1]->id.family);
	if (sa->mode == UX_MODE_BEET && s->ip.family == AF_INET && s->ip.header_len > UX_IP4_LEN)
		/* options travel inside, behind a header that pads both to 8 bytes */
		return UX_IP4_LEN - 4 - (4 - ((s->ip.header_len - UX_IP4_LEN) & 4u));
	if (sa->mode == UX_MODE_BEET)
		return ip_len(s->ip.family);
	len = s->ip.family == AF_INET ? s->ip.header_len
				      : ux_ip6_esp_offset(s->p->data, s->p->len, &dummy);
	return len ? len : UX_IP6_LEN;
}

/* The largest packet that SA number @i makes no larger than @mtu; 0: none. */
static uint32_t before_sa(const struct ux_slot *s, unsigned int i, uint32_t mtu)
{
	const struct ux_sa *sa = s->bundle[i];
	uint32_t bare = bared(s, i);
	uint32_t front = sa->mode == UX_MODE_TRANSPORT ? bare : ip_len(sa->id.family);
	uint32_t room = mtu > front ? mtu - front : 0;
	uint32_t payload = ux_protocol_of(sa->id.proto)->payload_max(sa, room);

	return payload ? payload + bare : 0;
}

uint32_t ux_path_inside(const struct ux_slot *s, unsigned int first, uint32_t mtu)
{
	for (unsigned int i = s->n_bundle; i-- > first;)
		mtu = before_sa(s, i, mtu);
	return mtu;
}

uint32_t ux_path_longest(struct uxfrm_worker *w, const struct ux_slot *s, uint32_t *ret_mtu)
{
	const struct known_path *known;
	struct uxfrm_path path;

	*ret_mtu = 0;
	if (!w->paths)
		return UX_IP_MAX;
	path_of(s, &path);
	known = place_of(w, &path);
	if (known->learned_in != this_time(w) || memcmp(&known->path, &path, sizeof(path)) != 0)
		return UX_PATH_ALWAYS_FITS;
	if (known->mtu <= UX_IP_MAX)
		*ret_mtu = known->mtu;
	return ux_path_inside(s, 0, known->mtu);
}

static enum uxfrm_drop too_big(struct ux_slot *s, uint32_t mtu)
{
	s->p->mtu = mtu;
	return UXFRM_DROP_OUT_TOO_BIG;
}

/* A fragment that its SA will refuse: the packet is measured when it is whole. */
static bool wants_whole(const struct ux_slot *s)
{
	uint8_t mode = s->bundle[0]->mode;

	return s->ip.fragment &&
	       (mode == UX_MODE_TRANSPORT || (mode == UX_MODE_BEET && s->ip.family == AF_INET));
}

enum uxfrm_drop ux_path_check(struct uxfrm_worker *w, struct ux_slot *s)
{
	uint32_t mtu, inner;

	if (!w->paths || s->p->len <= UX_PATH_ALWAYS_FITS || wants_whole(s))
		return UXFRM_DROP_NONE;
	mtu = find_mtu(w, s);
	if (!mtu) {
		s->p->verdict = UXFRM_ASK_PATH;
		s->done = true;
		return UXFRM_DROP_NONE;
	}
	if (mtu <= UX_IP_MAX)
		s->p->mtu = mtu;
	inner = ux_path_inside(s, 0, mtu);
	if (s->p->len <= inner)
		return UXFRM_DROP_NONE;
	if (s->p->may_split) {
		s->ip.df = false;
		return UXFRM_DROP_NONE;
	}
	if (s->ip.family == AF_INET)
		return s->ip.df ? too_big(s, inner > IP4_MTU_MIN ? inner : IP4_MTU_MIN)
				: UXFRM_DROP_NONE;
	/* RFC 8200 section 5: so much passes every link, if need be in fragments underneath. */
	if (s->p->len > IP6_MTU_MIN)
		return too_big(s, inner > IP6_MTU_MIN ? inner : IP6_MTU_MIN);
	s->ip.df = false;
	return UXFRM_DROP_NONE;
}
