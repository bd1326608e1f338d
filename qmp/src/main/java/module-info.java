/** QEMU's machine protocol, both ends. */
module org.wardian.qmp {
  requires transitive org.wardian.host;
  requires transitive com.fasterxml.jackson.databind;

  exports org.wardian.qmp;
}
