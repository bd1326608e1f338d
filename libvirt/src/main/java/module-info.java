/**
 * libvirt's protocol: its data representation and procedures, messages over UNIX sockets, TCP and
 * TLS, a client, and the side of a server.
 */
module org.wardian.libvirt {
  requires transitive org.wardian.host;

  exports org.wardian.libvirt.client;
  exports org.wardian.libvirt.constants;
  exports org.wardian.libvirt.error;
  exports org.wardian.libvirt.rpc;
  exports org.wardian.libvirt.sasl;
  exports org.wardian.libvirt.server;
  exports org.wardian.libvirt.tls;
  exports org.wardian.libvirt.wire;
  exports org.wardian.libvirt.wire.keepalive;
  exports org.wardian.libvirt.wire.lxc;
  exports org.wardian.libvirt.wire.qemu;
  exports org.wardian.libvirt.wire.remote;
  exports org.wardian.libvirt.xdr;
}
