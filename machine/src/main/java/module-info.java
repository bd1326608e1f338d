/** Boards and the run loop: the only module that knows all of the modules below it. */
module org.wardian.machine {
  requires transitive org.wardian.host;
  requires transitive org.wardian.memory;
  requires transitive org.wardian.storage;
  requires transitive org.wardian.network;
  requires transitive org.wardian.display;
  requires transitive org.wardian.bus;
  requires transitive org.wardian.x86;
  requires transitive org.wardian.processor;
  requires transitive org.wardian.chipset;
  requires transitive org.wardian.virtio;
  requires transitive org.wardian.boot;

  exports org.wardian.machine;
  exports org.wardian.machine.platform;
  exports org.wardian.machine.state;
}
