# SPDX-License-Identifier: BSD-2-Clause
"""./demo: see main.py."""
