/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/label.h"

#include <string.h>

#include "core/instance.h"

/* A label is looked for by all its bytes; those behind the first zero do not tell it from others.
 */
const struct ux_label *ux_label_hold(struct uxfrm *u, const void *text, size_t len)
{
	_Alignas(struct ux_label) uint8_t room[sizeof(struct ux_label) + UX_LABEL_MAX + 1];
	struct ux_label *value = (struct ux_label *)(void *)room;

	if (len > UX_LABEL_MAX)
		return NULL;
	memset(value, 0, sizeof(*value));
	value->id = ux_siphash(&u->labels.key, text, strnlen(text, len));
	value->len = (uint32_t)len + 1;
	memcpy(value->text, text, len);
	value->text[len] = 0;
	return ux_shared_hold(&u->labels, value, offsetof(struct ux_label, text) + len + 1);
}
