/**
 * The x86-64 instruction set as data, the decoder, the disassembler, the state layout and the CPUID
 * models.
 */
@SuppressWarnings("module") // warns of the digits: x86 is the name of the thing
module org.wardian.x86 {
  requires transitive org.wardian.memory;

  exports org.wardian.x86;
}
