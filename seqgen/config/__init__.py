"""Every option of seqgen: how one is declared and checked, and all groups of them."""
