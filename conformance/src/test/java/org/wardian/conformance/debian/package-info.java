/**
 * Debian's own kernels on our machines, in this process: each boots to a busybox shell and is asked
 * what it sees. What takes minutes is tagged {@code slow} and run by {@code ./mvnw verify -Pslow}.
 */
package org.wardian.conformance.debian;
