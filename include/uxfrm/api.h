/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UXFRM_API_H
#define UXFRM_API_H

/*
 * The library is built with hidden symbols. The definition (not the declaration) of each function of
 * <uxfrm/...> is marked with UXFRM_API; nothing else is exported.
 */
#define UXFRM_API __attribute__((visibility("default")))

#endif
