/** wardiand: what manages machines, disks and networks, and answers libvirt's clients. */
module org.wardian.daemon {
  requires transitive org.wardian.libvirt;
  requires transitive org.wardian.definition;
  requires org.wardian.host;
  requires org.wardian.storage;
  requires org.wardian.network;
  requires org.wardian.qmp;
  requires com.fasterxml.jackson.databind;
  requires java.logging;
  requires jdk.httpserver;

  exports org.wardian.daemon;
  exports org.wardian.daemon.checkpoint;
  exports org.wardian.daemon.domain;
  exports org.wardian.daemon.filter;
  exports org.wardian.daemon.host;
  exports org.wardian.daemon.network;
  exports org.wardian.daemon.network.gateway;
  exports org.wardian.daemon.node;
  exports org.wardian.daemon.persistence;
  exports org.wardian.daemon.secret;
  exports org.wardian.daemon.snapshot;
  exports org.wardian.daemon.storage;
}
