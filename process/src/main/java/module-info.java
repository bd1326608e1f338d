/** One machine as a process: made of its domain XML, controlled by QMP. */
module org.wardian.process {
  requires transitive org.wardian.machine;
  requires transitive org.wardian.definition;
  requires org.wardian.qmp;
}
