/** The XML documents that describe machines and what they use. Knows no machine and no protocol. */
module org.wardian.definition {
  requires java.xml;

  exports org.wardian.definition.backup;
  exports org.wardian.definition.capabilities;
  exports org.wardian.definition.checkpoint;
  exports org.wardian.definition.domain;
  exports org.wardian.definition.filter;
  exports org.wardian.definition.network;
  exports org.wardian.definition.xml;
  exports org.wardian.definition.secret;
  exports org.wardian.definition.snapshot;
  exports org.wardian.definition.storage;
}
