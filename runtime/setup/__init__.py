"""安装: brings a fresh clone to where it can run; standard library only, since nothing is installed yet."""
