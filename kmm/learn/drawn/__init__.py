# SPDX-License-Identifier: GPL-2.0-only
"""Worlds that the seed of an exercise draws, and what must be true of a run in them.

counts    pages that so many map, pin and use
ptes      pages whose ptes have these bits or those
copies    pages with these flags or those
buffers   pages with so many buffers, of which some are locked
"""
