/**
 * System-mode behaviour of processor and board, seen by small guests and compared line by line with
 * what the manuals say and QEMU confirms.
 */
package org.wardian.conformance.system;
