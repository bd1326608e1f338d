/**
 * Everything that touches the host by native calls: memory maps, ioctl, event files, terminals. The
 * only module with native access.
 */
module org.wardian.host {
  exports org.wardian.host;
  exports org.wardian.host.kvm;
}
