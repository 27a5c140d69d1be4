/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* An SA as a message: attributes in the order of the kernel, so that answers are equal byte for
 * byte. */

#include "core/sa.h"
#include "ctl/request.h"

/*
 * ux_sa_write - one message of @type about @sa: NEWSA and UPDSA with the SA in the fixed header,
 * DELSA with its identity there and the SA in XFRMA_SA. False, and @w unchanged, when it does not
 * fit.
 */
bool ux_sa_write(struct ux_writer *w, const struct nlmsghdr *header, const struct ux_sa *sa);
/* ux_sa_info - the fixed header of NEWSA. */
void ux_sa_info(const struct ux_sa *sa, struct xfrm_usersa_info *ret_info);
/* ux_sa_write_replay - REPLAY_ESN_VAL if that is how the SA got its replay state, else REPLAY_VAL.
 */
void ux_sa_write_replay(struct ux_writer *w, const struct ux_sa *sa);
/* ux_sa_write_event_attrs - MARK, IF_ID, SA_PCPU and SA_DIR where set: EXPIRE and NEWAE end so. */
void ux_sa_write_event_attrs(struct ux_writer *w, const struct ux_sa *sa);
/*
 * ux_sa_message - that message in a buffer of its own, of the size this SA needs. -ENOMEM. Given
 * back by ux_sa_message_free, which wipes it: it holds keys.
 */
int ux_sa_message(const struct nlmsghdr *header, const struct ux_sa *sa,
		  struct ux_writer *ret_writer) UX_MUST_CHECK;
void ux_sa_message_free(struct ux_writer *w);
/* ux_sa_reply - @sa as NEWSA to the requester. */
int ux_sa_reply(struct ux_request *req, const struct ux_sa *sa);
