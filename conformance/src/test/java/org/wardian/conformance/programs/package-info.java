/**
 * Debian's programs in a guest: each script of the resources runs on this host and in a guest, in
 * the same tree of Debian packages, and must print the same. All of it is tagged {@code slow} and
 * run by {@code ./mvnw verify -Pslow}.
 */
package org.wardian.conformance.programs;
