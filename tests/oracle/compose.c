/* SPDX-License-Identifier: BSD-2-Clause */
#include "compose.h"

#include "unfair.h"

static const struct {
	request_maker make;
	uint32_t weight;
} makers[] = {
    {make_newsa, 300},	   {make_getsa, 110},	  {make_delsa, 60},	 {make_allocspi, 60},
    {make_flushsa, 14},	   {make_dumpsa, 45},	  {make_aevent, 110},	 {make_expire, 30},
    {make_newpolicy, 190}, {make_getpolicy, 120}, {make_dumppolicy, 25}, {make_flushpolicy, 14},
    {make_polexpire, 30},  {make_acquire, 25},	  {make_migrate, 60},	 {make_default, 14},
    {make_info, 14},	   {make_other, 8},
};

static request_maker any_maker(struct world *w)
{
	uint32_t total = 0, at;

	if (w->alone && chance(&w->r, 15))
		return make_move;
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
		total += makers[i].weight;
	at = below(&w->r, total);
	for (size_t i = 0;; i++) {
		if (at < makers[i].weight)
			return makers[i].make;
		at -= makers[i].weight;
	}
}

/* Flags that say nothing to these messages, or that say something. */
static void vary_flags(struct world *w, struct draft *d)
{
	if (chance(&w->r, 8))
		d->flags &= (uint16_t)~NLM_F_ACK;
	if (chance(&w->r, 4))
		d->flags |= (uint16_t)ONE_OF(&w->r, 8, 0x10, 0x20, 0x400, 0x800, 2);
	if (seldom(&w->r, 8))
		d->flags &= (uint16_t)~NLM_F_REQUEST;
}

size_t compose_message(struct world *w, uint8_t *to, size_t room)
{
	static struct draft d;
	size_t len;

	for (unsigned int tries = 0; tries < 50; tries++) {
		bool may_lie = !has_marks(w);

		if (!any_maker(w)(w, &d))
			continue;
		d.seq = ++w->seq;
		d.pid = (uint32_t)ONE_OF(&w->r, 0, 0, 0, CLIENT_PORT_ID, 77);
		vary_flags(w, &d);
		if (chance(&w->r, w->bad_percent))
			draft_spoil(&d, &w->r);
		if (may_lie && d.type != XFRM_MSG_ALLOCSPI && seldom(&w->r, 12)) {
			d.spoilt_len = true;
			d.spoilt_to = (uint32_t)ONE_OF(&w->r, 0, 15, 16, 17, 100, 0xffffffff);
		}
		len = draft_write(&d, to, room);
		if (len && (w->alone || !is_unfair(w, to, d.spoilt_len ? len : u32_at(to))))
			return len;
	}
	return 0;
}
