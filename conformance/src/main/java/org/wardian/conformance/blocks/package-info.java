/**
 * The differential test of translated code: random blocks of 64-bit code, executed by the
 * interpreter and by host code, must end with the same registers, flags, memory and exceptions.
 */
package org.wardian.conformance.blocks;
