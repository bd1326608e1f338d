/** Paravirtual devices: queues, transports, a folder for each kind of device. */
module org.wardian.virtio {
  requires transitive org.wardian.host;
  requires transitive org.wardian.memory;
  requires transitive org.wardian.bus;
  requires transitive org.wardian.chipset;
  requires transitive org.wardian.storage;
  requires transitive org.wardian.network;
  requires transitive org.wardian.display;

  exports org.wardian.virtio;
  exports org.wardian.virtio.balloon;
  exports org.wardian.virtio.block;
  exports org.wardian.virtio.console;
  exports org.wardian.virtio.input;
  exports org.wardian.virtio.net;
  exports org.wardian.virtio.p9;
  exports org.wardian.virtio.queue;
  exports org.wardian.virtio.rng;
  exports org.wardian.virtio.scsi;
  exports org.wardian.virtio.transport;
  exports org.wardian.virtio.vsock;
}
