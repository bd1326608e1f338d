/**
 * Guest x86 code to x86-64 host code: the assembler that writes it, the copier that re-emits guest
 * instructions, and the verifier that no block runs without.
 */
package org.wardian.processor.software.translator;
