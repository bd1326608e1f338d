/** Guest-physical memory: regions, RAM, ROM, dirty tracking and atomic access. */
module org.wardian.memory {
  requires jdk.unsupported; // sun.misc.Unsafe, in RawMemory only
  requires transitive org.wardian.host;

  exports org.wardian.memory;
}
