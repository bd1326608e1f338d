/** One machine as a process: made of its domain XML, controlled by QMP. */
module org.wardian.process {
  requires transitive org.wardian.machine;
  requires transitive org.wardian.definition;
  requires transitive org.wardian.storage;
  requires transitive org.wardian.network;
  requires transitive org.wardian.display;
  requires transitive org.wardian.virtio;
  requires transitive org.wardian.processor;
  requires transitive org.wardian.x86;
  requires org.wardian.boot;
  requires org.wardian.bus;
  requires org.wardian.chipset;
  requires org.wardian.host;
  requires org.wardian.memory;
  requires org.wardian.qmp;

  exports org.wardian.process;
  exports org.wardian.process.assembly;
}
