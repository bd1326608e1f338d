/**
 * Debian's own kernels on our machines, in this process: each boots to a busybox shell and is asked
 * what it sees. What takes minutes is tagged {@code slow}; CONTRIBUTING.md says how to run it.
 */
package org.wardian.conformance.debian;
