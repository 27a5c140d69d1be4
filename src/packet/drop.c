/* SPDX-License-Identifier: BSD-2-Clause */

/* The three names of each drop reason, from the one list in the public header. */

#include "packet/drop.h"

#include <uxfrm/api.h>

struct drop_names {
	const char *name, *linux_name, *text;
};

static const struct drop_names drop_table[UXFRM_DROP_COUNT] = {[UXFRM_DROP_NONE] = {"", "", ""},
#define X(id, name, linux_name, text) [UXFRM_DROP_##id] = {name, linux_name, text},
							       UXFRM_DROP_LIST(X)
#undef X
};

static const struct drop_names *names_of(enum uxfrm_drop drop)
{
	return &drop_table[(unsigned int)drop < UXFRM_DROP_COUNT ? drop : UXFRM_DROP_NONE];
}

UXFRM_API const char *uxfrm_drop_name(enum uxfrm_drop drop)
{
	return names_of(drop)->name;
}

UXFRM_API const char *uxfrm_drop_linux_name(enum uxfrm_drop drop)
{
	return names_of(drop)->linux_name;
}

UXFRM_API const char *uxfrm_drop_text(enum uxfrm_drop drop)
{
	return names_of(drop)->text;
}
