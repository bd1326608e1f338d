/** Screens of guests: frame buffers, keys and pointers, VNC, screenshots. */
module org.wardian.display {
  requires transitive org.wardian.host;

  exports org.wardian.display;
  exports org.wardian.display.vnc;
}
