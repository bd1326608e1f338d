/**
 * Tests that need several modules: the oracle, system guests, the layers, the limits of the JVM,
 * whole runs.
 */
module org.wardian.conformance {
  requires org.wardian.host;
  requires org.wardian.memory;
  requires org.wardian.storage;
  requires org.wardian.network;
  requires org.wardian.display;
  requires org.wardian.bus;
  requires org.wardian.x86;
  requires org.wardian.processor;
  requires org.wardian.chipset;
  requires org.wardian.virtio;
  requires org.wardian.boot;
  requires org.wardian.machine;
  requires org.wardian.cli;
}
