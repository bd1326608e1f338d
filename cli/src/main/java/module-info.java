/** The ward command: a file per verb. */
module org.wardian.cli {
  requires org.wardian.machine;
  requires org.wardian.daemon;
  requires org.wardian.process;
  requires org.wardian.boot;
  requires org.wardian.chipset;
  requires org.wardian.host;
  requires org.wardian.storage;
  requires org.wardian.definition;
  requires org.wardian.libvirt;
  requires org.wardian.network;
  requires org.wardian.display;
  requires org.wardian.x86;
  requires info.picocli;
  requires com.fasterxml.jackson.databind;

  // picocli makes the verbs and fills in their options.
  opens org.wardian.cli to
      info.picocli;
  opens org.wardian.cli.disk to
      info.picocli;
  opens org.wardian.cli.manage to
      info.picocli;
}
