int planted(void);
