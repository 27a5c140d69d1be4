# SPDX-License-Identifier: BSD-2-Clause
"""Network namespaces and processes for the demonstration and the namespace tests."""
