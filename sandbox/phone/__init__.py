"""Phone 手机: the page that shows a member's phone, and the control API of the sandbox."""
