/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_DROP_H
#define UXFRM_DROP_H

/*
 * Why a packet was dropped. One list gives the enum, the counter's index, our name, the Linux counter
 * it adds to (/proc/net/xfrm_stat) and a text. A drop without an entry here is a bug.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UXFRM_DROP_LIST(X)                                                                         \
	X(IN_HEADER, "in_header", "XfrmInHdrError", "not an IPsec packet: header cut short or wrong")     \
	X(IN_NO_SA, "in_no_sa", "XfrmInNoStates", "no SA for SPI, destination and mark")                \
	X(IN_LARVAL, "in_larval", "XfrmAcquireError", "the SA has no keys yet")                         \
	X(IN_ENCAP, "in_encap", "XfrmInStateMismatch", "UDP encapsulation differs from the SA's")       \
	X(IN_DIRECTION, "in_direction", "XfrmInStateDirError", "the SA is for output")                  \
	X(IN_REPLAY, "in_replay", "XfrmInStateSeqError", "sequence number seen before")                 \
	X(IN_TOO_OLD, "in_too_old", "XfrmInStateSeqError", "left of the replay window")                 \
	X(IN_SEQ_ZERO, "in_seq_zero", "XfrmInStateSeqError", "sequence number 0")                       \
	X(IN_SHORT, "in_short", "XfrmInStateProtoError", "payload too short or misaligned")         \
	X(IN_OPTIONS, "in_options", "XfrmInStateProtoError", "malformed options in front of AH")        \
	X(IN_ICV, "in_icv", "XfrmInStateProtoError", "integrity check failed")                          \
	X(IN_COMP, "in_comp", "XfrmInStateProtoError", "cannot be decompressed")                        \
	X(IN_PADDING, "in_padding", "XfrmInStateProtoError", "padding longer than the payload")         \
	X(IN_MODE, "in_mode", "XfrmInStateModeError", "inner packet does not fit the SA's mode")        \
	X(IN_INNER, "in_inner", "", "inner packet malformed")                                           \
	X(IN_EXPIRED, "in_expired", "XfrmInStateExpired", "a hard limit of the SA is reached")         \
	X(IN_DUMMY, "in_dummy", "XfrmInStateProtoError", "dummy packet (next header 59)")               \
	X(IN_BUNDLE, "in_bundle", "XfrmInBufferError", "more SAs in one packet than a policy can name") \
	X(IN_SELECTOR, "in_selector", "XfrmInStateMismatch", "inner packet outside the SA's selector")  \
	X(IN_NO_POLICY, "in_no_policy", "XfrmInNoPols", "no policy for a packet that came by an SA")    \
	X(IN_BLOCK, "in_block", "XfrmInPolBlock", "a policy blocks it")                                 \
	X(IN_TEMPLATE, "in_template", "XfrmInTmplMismatch", "the SA is not what the policy asks for")   \
	X(OUT_HEADER, "out_header", "XfrmOutError", "not an IP packet")                                 \
	X(OUT_BLOCK, "out_block", "XfrmOutPolBlock", "a policy blocks it")                              \
	X(OUT_DEFAULT, "out_default", "", "no policy for it, and the default is to block")              \
	X(OUT_NO_SA, "out_no_sa", "XfrmOutNoStates", "the policy asks for an SA and there is none")     \
	X(OUT_TEMPLATE, "out_template", "XfrmOutPolError", "the policy's templates cannot be applied")  \
	X(OUT_NO_POLICY, "out_no_policy", "", "sent to an interface whose policies do not protect it")  \
	X(OUT_LOOP, "out_loop", "", "an SA's own packet, routed to the interface it came from")         \
	X(OUT_SEQ, "out_seq", "XfrmOutStateSeqError", "sequence numbers exhausted")                     \
	X(OUT_EXPIRED, "out_expired", "XfrmOutStateExpired", "a hard limit of the SA is reached")      \
	X(OUT_IV, "out_iv", "XfrmOutStateProtoError", "initialisation vectors exhausted")               \
	X(OUT_MODE, "out_mode", "XfrmOutStateModeError", "packet does not fit the SA's mode")           \
	X(OUT_DIRECTION, "out_direction", "XfrmOutStateDirError", "the SA is for input")                \
	X(OUT_OPTIONS, "out_options", "XfrmOutStateProtoError", "malformed options in front of AH")      \
	X(OUT_CRYPTO, "out_crypto", "XfrmOutStateProtoError", "encryption failed")                      \
	X(OUT_TTL, "out_ttl", "", "hop limit reached")                                                  \
	X(OUT_ROOM, "out_room", "XfrmOutError", "packet too large for its buffer")                      \
	X(OUT_TOO_LONG, "out_too_long", "XfrmOutStateProtoError", "longer than an IP packet can be")   \
	X(OUT_TOO_BIG, "out_too_big", "XfrmOutStateModeError", "larger than the path allows, and may not be fragmented") \
	X(OUT_NO_ROUTE, "out_no_route", "XfrmOutBundleGenError", "no route to where the SA leads")        \
	X(FRAGMENT, "fragment", "", "fragment could not be reassembled")                                \
	X(PORT_SEND, "port_send", "", "the operating system refused the packet")

enum uxfrm_drop {
	UXFRM_DROP_NONE, /* not dropped */
#define X(id, name, linux_name, text) UXFRM_DROP_##id,
	UXFRM_DROP_LIST(X)
#undef X
	UXFRM_DROP_COUNT
};

/* uxfrm_drop_name, _linux_name, _text - constant strings; "" for UXFRM_DROP_NONE and unknown values.
 * The Linux name is "" for drops the kernel's xfrm_stat does not count. */
const char *uxfrm_drop_name(enum uxfrm_drop drop);
const char *uxfrm_drop_linux_name(enum uxfrm_drop drop);
const char *uxfrm_drop_text(enum uxfrm_drop drop);

#ifdef __cplusplus
}
#endif
#endif
