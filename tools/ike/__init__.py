# SPDX-License-Identifier: BSD-2-Clause
"""Unmodified IKE daemons in the networks of the demonstration, for it and for tests/interop/ike."""
