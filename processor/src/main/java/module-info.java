/** The contract that every accelerator meets, and the software processor behind it. */
module org.wardian.processor {
  requires transitive org.wardian.x86;
  requires transitive org.wardian.memory;
  requires transitive org.wardian.bus;
  requires transitive org.wardian.host;

  exports org.wardian.processor;
  exports org.wardian.processor.software;
  exports org.wardian.processor.kvm;
}
