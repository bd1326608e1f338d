/**
 * The x86-64 instruction set as data, the decoder, the disassembler, the state layout and the CPUID
 * models.
 */
package org.wardian.x86;
