/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/label.h"

#include <string.h>

#include "core/instance.h"

/* A label is looked for by all its bytes; those behind the first zero do not tell it from others.
 */
const struct ux_label *ux_label_hold(struct uxfrm *u, const void *text, size_t len)
{
	struct {
		struct ux_label head;
		char text[UX_LABEL_MAX + 1];
	} value;

	if (len > UX_LABEL_MAX)
		return NULL;
	memset(&value.head, 0, sizeof(value.head));
	value.head.id = ux_siphash(&u->labels.key, text, strnlen(text, len));
	value.head.len = (uint32_t)len + 1;
	memcpy(value.head.text, text, len);
	value.head.text[len] = 0;
	return ux_shared_hold(&u->labels, &value, offsetof(struct ux_label, text) + len + 1);
}
