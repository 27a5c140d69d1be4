/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Policies between the wire and core/: what the policy requests, their events and the dump share.
 */

#include "core/policy.h"
#include "core/spd.h"
#include "ctl/request.h"

/*
 * ux_policy_parse - a policy as NEWPOLICY and UPDPOLICY describe it, every check of the request
 * done; in the order and with the texts of Linux. In no database yet. Returns owned.
 * -EINVAL, -ENOMEM.
 */
int ux_policy_parse(struct ux_request *req, struct ux_policy **ret_policy) UX_MUST_CHECK;

/* The checks that requests about an existing policy share with NEWPOLICY. */
int ux_policy_check_dir(uint8_t dir, struct ux_ext_ack *ext) UX_MUST_CHECK;
/* A template's protocol is one of those Linux has transforms for; 0 and 255 are not wildcards. */
bool ux_policy_template_proto_valid(uint8_t proto);
/* XFRMA_POLICY_TYPE; main when absent. */
int ux_policy_type_parse(const struct ux_request *req, uint8_t *ret_type) UX_MUST_CHECK;
/* XFRMA_SEC_CTX: its lengths. The label itself is ctl/label.h's. */
int ux_policy_check_sec_ctx(const struct ux_request *req) UX_MUST_CHECK;

/* ux_policy_flush - take out all policies of @type, without an event. False: there was none. */
bool ux_policy_flush(struct uxfrm *u, uint8_t type);

/*
 * ux_policy_put - the message that shows a whole policy: reply, piece of a dump and event of
 * NEWPOLICY and UPDPOLICY alike. False and nothing written when it does not fit.
 */
bool ux_policy_put(struct ux_writer *w, const struct ux_policy *p, const struct nlmsghdr *head);
/* ux_policy_put_deleted - the event of DELPOLICY: the policy's name as the request gave it
 * (@by_index or by selector), the policy itself as an attribute. */
bool ux_policy_put_deleted(struct ux_writer *w, const struct ux_policy *p, bool by_index,
			   const struct nlmsghdr *head);
/* ux_policy_put_flushed - the event of FLUSHPOLICY. */
bool ux_policy_put_flushed(struct ux_writer *w, uint8_t type, const struct nlmsghdr *head);

/* ux_policy_put_expired - POLEXPIRE, which has no sequence number. */
bool ux_policy_put_expired(struct ux_writer *w, const struct ux_policy *p, bool hard,
			   uint32_t port_id);
/* ux_policy_put_acquire - ACQUIRE for the SA of @t, a template of @p, for the CPU @pcpu
 * (UINT32_MAX: for all). The rest is @acquire's, that is changed to what is sent. */
bool ux_policy_put_acquire(struct ux_writer *w, const struct ux_policy *p,
			   const struct ux_template *t, uint32_t pcpu,
			   struct xfrm_user_acquire *acquire);

/* Bytes of the longest message about a policy: both headers, six templates, the small attributes,
 * the label. */
#define UX_POLICY_MSG_MAX (1024 + UX_LABEL_MAX + 1)
